"""Rules that know no assignment, one small file per family; the pages that explain them are in `diagnosis/pages`."""
