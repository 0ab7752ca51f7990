"""Rooms that pairs meet in: rows of the site's own, which must agree with what the cycle says."""
