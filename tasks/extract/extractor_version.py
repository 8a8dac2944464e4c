"""The number of what extraction gives; a person raises it."""

# Version of what a page gives, from its bytes to its rows: decoding, extraction, cleaning, rules
# and model, normalising, recurrence. Raise it when some page would now give another outcome, text
# or field, then run `python -m tests.upgrade.fingerprints`. Raising it empties each user's
# boilerplate cache, which the next run fills again from the raw archive, and revisions across the
# change lose `is_like_for_like` until `rebuild articles` has been run.
EXTRACTOR_VERSION = 2
# What 0.1.0, which had no number, wrote for version 1, as `article_revisions` knows.
EXTRACTOR_HASH_1 = "1-d869d737fc43"
