"""The demo platform: an acquirer with a believable day, its book, and the view of both."""
