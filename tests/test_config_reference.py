"""docs/settings.md says what the schema says."""

from pathlib import Path

from everycommit.config import schema
from everycommit.config.fields import keys
from everycommit.config.reference import ORDERS, markdown

PAGE = Path(__file__).parent.parent / "docs/settings.md"
MAKE = "python -c 'from everycommit.config.reference import markdown; print(markdown(), end=\"\")' > docs/settings.md"


def test_the_page_is_the_schemas() -> None:
    assert PAGE.read_text() == markdown(), f"make it again: {MAKE}"


def test_every_setting_and_every_merge_order_is_on_the_page() -> None:
    page = markdown()

    assert set(ORDERS) == set(schema.MERGES)
    assert all(f"### `{key}`\n" in page for key in keys())
    assert "### `command.NAME.run`" in page
