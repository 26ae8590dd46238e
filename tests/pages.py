"""Reads a page of HTML as a browser would, as far as tests need it."""

import html.parser


class Tags(html.parser.HTMLParser):
    """Collects tags with attributes, and complains of a closing tag that opens nothing."""

    VOID = ('meta', 'img', 'br')

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def assert_whole(text):
    """Check that every tag is closed and nothing is loaded from afar; return the pictures."""
    tags = Tags(text)
    assert tags.open == []
    pictures = [attrs['src'] for tag, attrs in tags.found if tag == 'img']
    assert all(source.startswith('data:image/png;base64,') for source in pictures)
    assert not [attrs for _, attrs in tags.found if {'href', 'srcset'} & set(attrs)]
    assert 'url(' not in text and '@import' not in text and '<script' not in text
    return pictures
