"""What GitHub's Markdown means and MkDocs' does not."""

import re

CODE_IN_TABLE = re.compile(r"<td[^>]*>.*?</td>", re.DOTALL)


def on_page_content(html, **_):
    """A vertical bar in the code of a table is written with a backslash, which is no part of the code."""
    return CODE_IN_TABLE.sub(lambda cell: cell[0].replace(r"\|", "|"), html)
