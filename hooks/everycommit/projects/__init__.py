"""Several projects in one repository: where they are, which depends on which, and which ones a change reaches."""
