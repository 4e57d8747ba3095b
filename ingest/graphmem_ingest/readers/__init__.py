"""Readers: a file becomes a stream of items, in bounded memory; what is wrong is named.

An item's time of observation is the one it states itself: a record's time field, front matter's
date, a page's date of publication, a PDF's or Word document's of making; else ``--at``. When a file
was last modified is none: it says when it was copied. What has no time ends no other by order; only
the dates in its own words count.
"""
