-- Ends calls for good: takes their holds (ledger_capture), writes the calls, their tries and lot lines, and adds
-- them to the totals of the account's local day, all in one transaction.
--
-- Takes a JSON array of endings as usage.calls.endings writes them and returns a row for each: 'ok', 'already'
-- (it had ended before; `charged` is what was charged then) or 'fenced' (it is open, but not this caller's to
-- end). What a vendor tells of a call that the sweeper had to close is kept as late evidence, never charged.
DROP FUNCTION IF EXISTS call_settle(jsonb);
CREATE FUNCTION call_settle(p_endings jsonb)
RETURNS TABLE (call_id uuid, outcome text, charged bigint, credits_left bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := app_now();
  v_ended record;
  v_how text;
  v_raw_usage jsonb;
BEGIN
  -- What hardly ever happens stands below, so that its tables are not opened for every call.
  FOR v_ended IN
    WITH given AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(p_endings) AS g(
        call_id uuid, usage jsonb, how text, state text, estimated boolean, finish_reason text, error_code text,
        route_id bigint, accepted_ago float8, first_token_milliseconds integer, attempts jsonb, kept text)
    ), captured AS MATERIALIZED (
      SELECT (c.hold).*, c.charged, c.lots, c.credits_left FROM ledger_capture(p_endings) c
      WHERE c.outcome = 'ok'
    ), ended AS MATERIALIZED (
      SELECT h.*, g.*, u.*, h.state AS hold_state, g.state AS call_state,
        h.opened_at AT TIME ZONE a.time_zone AS local_time,
        u.in_fresh + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.in_image + u.in_audio AS tokens_in,
        u.out_text + u.out_reasoning + u.out_image + u.out_audio AS tokens_out
      FROM captured h
      JOIN given g ON g.call_id = h.id
      JOIN accounts_account a ON a.id = h.account_id,
      LATERAL jsonb_to_record(g.usage) AS u(
        in_fresh bigint, cache_read bigint, cache_write_5m bigint, cache_write_1h bigint, in_image bigint,
        in_audio bigint, out_text bigint, out_reasoning bigint, out_image bigint, out_audio bigint)
    ), called AS (
      INSERT INTO usage_call (
        id, account_id, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id,
        price_id, route_id, source, streamed, state, how, prompt_bound, held_microcredits, charged_microcredits, estimated,
        in_fresh, cache_read, cache_write_5m, cache_write_1h, in_image, in_audio,
        out_text, out_reasoning, out_image, out_audio, finish_reason, error_code,
        opened_at, accepted_at, first_token_milliseconds, ended_at, day)
      SELECT
        id, account_id, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id,
        price_id, route_id, source, streamed, call_state, how, prompt_tokens, amount, charged, estimated,
        in_fresh, cache_read, cache_write_5m, cache_write_1h, in_image, in_audio,
        out_text, out_reasoning, out_image, out_audio, finish_reason, error_code,
        opened_at, coalesce(v_now - make_interval(secs => accepted_ago), accepted_at), first_token_milliseconds,
        v_now, local_time::date
      FROM ended
    ), tried AS (
      INSERT INTO usage_attempt (
        id, call_id, route_id, price_id, position, outcome, raw_usage, started_at, accepted_at, ended_at)
      SELECT
        uuidv7(v_now - clock_timestamp()), e.id, t.route_id, e.price_id, t.position, t.outcome, t.raw_usage,
        v_now - make_interval(secs => t.started_ago), v_now - make_interval(secs => t.accepted_ago),
        v_now - make_interval(secs => t.ended_ago)
      FROM ended e, LATERAL jsonb_to_recordset(e.attempts) AS t(
        route_id bigint, position smallint, outcome text, raw_usage jsonb,
        started_ago float8, accepted_ago float8, ended_ago float8)
    ), drawn AS (
      INSERT INTO usage_calllot (
        call_id, ord, lot_id, amount_microcredits, available_before_microcredits, available_after_microcredits)
      SELECT e.id, l.ord, l.lot_id, l.spent, l.available_before, l.available_after
      FROM ended e, LATERAL jsonb_to_recordset(e.lots) AS l(
        ord smallint, lot_id bigint, spent bigint, available_before bigint, available_after bigint)
      WHERE l.spent > 0
    ), totaled AS (
      INSERT INTO usage_dailytotal AS t (
        account_id, day, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id,
        calls, charged_microcredits, input_tokens, output_tokens)
      SELECT
        account_id, local_time::date, member_id, departments, project_id, scenario_id, api_key_id, end_user,
        chat_model_id, count(*), sum(charged), sum(tokens_in), sum(tokens_out)
      FROM ended GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3
      ON CONFLICT (
        account_id, day, member_id, departments, project_id, scenario_id, api_key_id, end_user, chat_model_id)
      DO UPDATE SET
        calls = t.calls + excluded.calls,
        charged_microcredits = t.charged_microcredits + excluded.charged_microcredits,
        input_tokens = t.input_tokens + excluded.input_tokens,
        output_tokens = t.output_tokens + excluded.output_tokens
    ), profiled AS (
      INSERT INTO usage_hourprofile AS p (account_id, weekday, hour, calls, charged_microcredits)
      SELECT account_id, extract(isodow FROM local_time), extract(hour FROM local_time), count(*), sum(charged)
      FROM ended GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (account_id, weekday, hour) DO UPDATE SET
        calls = p.calls + excluded.calls,
        charged_microcredits = p.charged_microcredits + excluded.charged_microcredits
    )
    SELECT g.call_id, e.id IS NOT NULL AS is_ended, e.charged, e.credits_left, g.attempts, g.kept
    FROM given g LEFT JOIN ended e ON e.id = g.call_id
  LOOP
    call_id := v_ended.call_id;
    charged := v_ended.charged;
    credits_left := v_ended.credits_left;
    IF v_ended.is_ended THEN
      outcome := 'ok';
      IF v_ended.kept IS NOT NULL THEN
        INSERT INTO usage_keptanswer (call_id, sealed, kept_until)
        VALUES (v_ended.call_id, decode(v_ended.kept, 'base64'), clock_timestamp() + interval '24 hours');
      END IF;
    ELSE
      SELECT c.how, c.charged_microcredits INTO v_how, charged FROM usage_call c WHERE c.id = v_ended.call_id;
      outcome := CASE WHEN FOUND THEN 'already' ELSE 'fenced' END;
      v_raw_usage := v_ended.attempts->-1->'raw_usage';
      IF v_how IN ('platform', 'sweep_partial') AND jsonb_typeof(v_raw_usage) = 'object' THEN
        INSERT INTO usage_lateevidence (call_id, raw_usage, arrived_at)
        VALUES (v_ended.call_id, v_raw_usage, v_now) ON CONFLICT DO NOTHING;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
