"""What a command says of files, in the formats that tools have in common: a text in, findings out, and nothing else."""
