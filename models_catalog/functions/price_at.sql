-- Which price row of a model counts at a moment for an account in a zone: of the rows that have begun the newest
-- without a base, or the row of its hours that the clock on the account's wall shows. Nothing before the first one.
-- `timetables.py` guesses by the same rule; this one decides. It is asked on every call, so it leaves the search path to
-- whoever asks, who has set it.
CREATE OR REPLACE FUNCTION catalog_price_at(p_chat_model bigint, p_moment timestamptz, p_zone text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_base bigint;
  v_has_windows boolean;
  v_local timestamp;
  v_window bigint;
BEGIN
  SELECT p.id, EXISTS (SELECT FROM models_catalog_price w WHERE w.base_id = p.id) INTO v_base, v_has_windows
  FROM models_catalog_price p
  WHERE p.chat_model_id = p_chat_model AND p.base_id IS NULL AND p.active_from <= p_moment
  ORDER BY p.active_from DESC LIMIT 1;
  IF v_has_windows THEN
    v_local := p_moment AT TIME ZONE p_zone;
    SELECT w.id INTO v_window FROM models_catalog_price w
    WHERE w.base_id = v_base AND catalog_is_within(w.weekdays, w.starts_at, w.ends_at, v_local)
    ORDER BY w.id LIMIT 1;
  END IF;
  RETURN coalesce(v_window, v_base);
END $$;

-- Whether the clock on the wall shows one of the hours of these weekdays; hours that end before they start run over
-- midnight, and belong to the weekday of their beginning.
CREATE OR REPLACE FUNCTION catalog_is_within(p_weekdays smallint[], p_starts time, p_ends time, p_local timestamp)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_starts < p_ends
    THEN extract(isodow FROM p_local) = ANY (p_weekdays) AND p_local::time >= p_starts AND p_local::time < p_ends
    ELSE extract(isodow FROM p_local) = ANY (p_weekdays) AND p_local::time >= p_starts
      OR extract(isodow FROM p_local - interval '1 day') = ANY (p_weekdays) AND p_local::time < p_ends
  END
$$;

-- Every rate of every price row by the input tokens from which and until before which it counts (all classes together),
-- and of its base when it was in force.
CREATE VIEW catalog_rates AS
SELECT r.*, lead(r.from_input_tokens) OVER (PARTITION BY r.price_id ORDER BY r.from_input_tokens) AS until_input_tokens,
  b.chat_model_id, b.active_from, b.active_until
FROM (
  SELECT p.id AS price_id, coalesce(p.base_id, p.id) AS base_id, 0 AS from_input_tokens, p.in_fresh, p.cache_read,
    p.cache_write_5m, p.cache_write_1h, p.in_image, p.in_audio, p.out_text, p.out_reasoning, p.out_image, p.out_audio,
    p.per_request
  FROM models_catalog_price p
  UNION ALL
  SELECT t.price_id, coalesce(p.base_id, p.id), t.from_input_tokens, t.in_fresh, t.cache_read,
    t.cache_write_5m, t.cache_write_1h, t.in_image, t.in_audio, t.out_text, t.out_reasoning, t.out_image, t.out_audio,
    t.per_request
  FROM models_catalog_pricetier t JOIN models_catalog_price p ON p.id = t.price_id
) r
LEFT JOIN (
  SELECT p.id, p.chat_model_id, p.active_from,
    lead(p.active_from) OVER (PARTITION BY p.chat_model_id ORDER BY p.active_from) AS active_until
  FROM models_catalog_price p WHERE p.base_id IS NULL
) b ON b.id = r.base_id;
