"""Has it become dearer? A short run, as ratios, against a baseline that is kept in the tree."""
