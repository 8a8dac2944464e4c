-- Grain: one text block taken out of one captured page.
CREATE TABLE IF NOT EXISTS stripped_blocks (
    article_id UUID,
    version_no INTEGER,
    position   INTEGER,
    kind       VARCHAR,
    rule       VARCHAR,
    text       VARCHAR,
    in_article BOOLEAN,
    capture_id UUID,
    run_id     VARCHAR
);

COMMENT ON TABLE stripped_blocks IS
    'The prompts that were removed from pages, and whatever else was removed within the article, with the rule that removed it. Pages that only repeated a known text are left out; presswatch extract RAW_REF shows all blocks of a page.';
COMMENT ON COLUMN stripped_blocks.article_id IS 'Article; NULL where the page gave none';
COMMENT ON COLUMN stripped_blocks.version_no IS
    'Version of the article; NULL where the page gave none';
COMMENT ON COLUMN stripped_blocks.position IS 'Index among the text blocks of the page, from 0';
COMMENT ON COLUMN stripped_blocks.kind IS
    'Prompts: metering, paywall, registration, newsletter, trial_offer, donation, sponsored, app_promo, cookie_adblock, other; besides related, share, furniture';
COMMENT ON COLUMN stripped_blocks.rule IS 'Layer and name of the rule';
COMMENT ON COLUMN stripped_blocks.text IS 'The block as printed';
COMMENT ON COLUMN stripped_blocks.in_article IS
    'Whether it stood between the first and the last kept block';
COMMENT ON COLUMN stripped_blocks.capture_id IS 'Capture of the page';
COMMENT ON COLUMN stripped_blocks.run_id IS 'Run that loaded it';
