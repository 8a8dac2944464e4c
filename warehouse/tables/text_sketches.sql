-- Grain: one version (one state of the text) of one article.
CREATE TABLE IF NOT EXISTS text_sketches (
    article_id    UUID,
    version_no    INTEGER,
    moment        TIMESTAMPTZ,
    shingles      INTEGER,
    minhash       BIT,
    minhash_bands UINTEGER[]
);

COMMENT ON TABLE text_sketches IS
    'What each text resembles. Of the latest versions, those that resemble each other are copies in articles.';
COMMENT ON COLUMN text_sketches.article_id IS 'UUID of the canonical URL';
COMMENT ON COLUMN text_sketches.version_no IS 'Number of the version';
COMMENT ON COLUMN text_sketches.moment IS
    'Time of publication (UTC), of an undated version that of the article; else of the capture';
COMMENT ON COLUMN text_sketches.shingles IS
    'Different runs of four words in the body; NULL, as the rest, for texts under 40 words, which are never compared';
COMMENT ON COLUMN text_sketches.minhash IS
    '512 bits of MinHash: 1 - bit_count(xor(a, b)) / 256 estimates the Jaccard similarity of two bodies';
COMMENT ON COLUMN text_sketches.minhash_bands IS
    'Hashes of 32 bits, of which similar texts share at least one';
