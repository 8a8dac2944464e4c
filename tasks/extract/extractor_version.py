"""The number of what extraction gives; a person raises it."""

# Version of what a page gives, from its bytes to its rows: decoding, extraction, cleaning, rules
# and model, normalising, recurrence. Raise it when some page would now give another outcome, text
# or field, then run `python -m tests.upgrade.fingerprints`. Raising it empties each user's
# boilerplate cache, which the next run fills again from the raw archive, and revisions across the
# change lose `is_like_for_like` until `rebuild articles` has been run.
EXTRACTOR_VERSION = 18
