-- The number of the block of five minutes in its day, from 0. Internal.
CREATE OR REPLACE FUNCTION ledger_block(p_local timestamp) RETURNS smallint
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT (extract(hour FROM p_local) * 12 + floor(extract(minute FROM p_local) / 5))::smallint
$$;

-- Whether quiet hours hold at a time of the day; they may pass midnight. Internal.
CREATE OR REPLACE FUNCTION ledger_is_quiet(p_from time, p_to time, p_local time) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(CASE WHEN p_from < p_to THEN p_local >= p_from AND p_local < p_to
    ELSE p_local >= p_from OR p_local < p_to END, false)
$$;

-- What the rules of an account say of a call by these nodes of one model: whether its routes have to stay in
-- mainland China or never train on data, and, if the model is not allowed, which node says so. All rules hold at once.
CREATE OR REPLACE FUNCTION ledger_rules(
  p_account bigint, p_kinds text[], p_nodes bigint[], p_model bigint,
  OUT is_mainland_only boolean, OUT is_never_trained boolean, OUT refused jsonb
) LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_rule record;
BEGIN
  is_mainland_only := false;
  is_never_trained := false;
  FOR v_rule IN
    SELECT r.node_kind, r.node_id, r.is_mainland_only, r.is_never_trained,
      r.chat_model_ids IS NOT NULL AND NOT p_model = ANY (r.chat_model_ids) AS is_left_out
    FROM unnest(p_kinds, p_nodes) AS n(kind, id)
    JOIN plans_accessrule r ON r.account_id = p_account AND r.node_kind = n.kind AND r.node_id = n.id
    ORDER BY r.id
  LOOP
    is_mainland_only := is_mainland_only OR v_rule.is_mainland_only;
    is_never_trained := is_never_trained OR v_rule.is_never_trained;
    IF refused IS NULL AND (v_rule.is_left_out OR (is_mainland_only OR is_never_trained)
      AND NOT ledger_has_route(p_model, is_mainland_only, is_never_trained))
    THEN
      refused := jsonb_build_object(
        'outcome', 'model_not_allowed', 'node_kind', v_rule.node_kind, 'node_id', v_rule.node_id,
        'why', CASE WHEN v_rule.is_left_out THEN 'model' ELSE 'route' END);
    END IF;
  END LOOP;
END $$;

-- Whether a model has an open route of this kind.
CREATE OR REPLACE FUNCTION ledger_has_route(p_model bigint, p_mainland_only boolean, p_never_trained boolean)
RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM models_catalog_route r JOIN models_catalog_upstream u ON u.id = r.upstream_id
    WHERE r.chat_model_id = p_model AND r.disabled_at IS NULL AND u.disabled_at IS NULL
      AND (u.is_mainland OR NOT p_mainland_only) AND (u.is_never_trained OR NOT p_never_trained))
$$;

-- Whether one of the lots that an account has is good for a model; an account without any lacks credits, not a plan.
CREATE OR REPLACE FUNCTION ledger_covers(p_account bigint, p_model bigint, p_moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(bool_or(l.chat_model_ids IS NULL OR p_model = ANY (l.chat_model_ids)), true)
  FROM plans_lot l
  WHERE l.account_id = p_account AND l.available + l.held > 0 AND l.effective_at <= p_moment
    AND (l.expires_at > p_moment OR l.expires_at IS NULL)
$$;

-- What is missing where the lots give too little: credits, or a plan with this model. Internal.
CREATE OR REPLACE FUNCTION ledger_lacking(p_account bigint, p_model bigint, p_moment timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN ledger_covers(p_account, p_model, p_moment) THEN 'no_credits' ELSE 'not_in_plan' END
$$;

-- Why a child may not ask now, as {outcome, ...}, or NULL: quiet hours, the minutes of the day, or a scenario that
-- was not allowed. Internal.
CREATE OR REPLACE FUNCTION ledger_child_refusal(
  p_member bigint, p_scenario bigint, p_moment timestamptz, p_zone text
) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_child record;
  v_local timestamp := p_moment AT TIME ZONE p_zone;
  v_ends timestamp;
BEGIN
  SELECT g.daily_minutes, g.quiet_from, g.quiet_to, g.scenario_ids,
    coalesce(d.extra_minutes, 0) AS extra, coalesce(d.blocks, '{}') AS blocks, coalesce(a.until > p_moment, false) AS is_awake
  INTO v_child
  FROM accounts_guardianship g
  LEFT JOIN plans_childday d ON d.member_id = g.member_id AND d.day = v_local::date
  LEFT JOIN plans_awake a ON a.member_id = g.member_id
  WHERE g.member_id = p_member;
  IF NOT v_child.is_awake AND ledger_is_quiet(v_child.quiet_from, v_child.quiet_to, v_local::time) THEN
    v_ends := v_local::date + v_child.quiet_to;
    RETURN jsonb_build_object('outcome', 'quiet_hours', 'quiet_from', to_char(v_child.quiet_from, 'HH24:MI'),
      'quiet_to', to_char(v_child.quiet_to, 'HH24:MI'),
      'resets_at', (CASE WHEN v_ends > v_local THEN v_ends ELSE v_ends + interval '1 day' END) AT TIME ZONE p_zone);
  END IF;
  IF v_child.scenario_ids IS NOT NULL AND NOT coalesce(p_scenario = ANY (v_child.scenario_ids), false) THEN
    RETURN jsonb_build_object('outcome', 'scenario_not_allowed');
  END IF;
  IF NOT ledger_block(v_local) = ANY (v_child.blocks)
    AND (cardinality(v_child.blocks) + 1) * 5 > v_child.daily_minutes + v_child.extra
  THEN
    RETURN jsonb_build_object('outcome', 'minutes', 'limit', v_child.daily_minutes + v_child.extra,
      'used', cardinality(v_child.blocks) * 5, 'resets_at', (v_local::date + 1)::timestamp AT TIME ZONE p_zone);
  END IF;
  RETURN NULL;
END $$;

-- Counts the block of five minutes that a child asks in, once. Internal.
CREATE OR REPLACE FUNCTION ledger_count_minutes(p_member bigint, p_moment timestamptz, p_zone text) RETURNS void
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO plans_childday AS d (member_id, day, blocks, extra_minutes)
  VALUES (p_member, (p_moment AT TIME ZONE p_zone)::date, ARRAY[ledger_block(p_moment AT TIME ZONE p_zone)], 0)
  ON CONFLICT (member_id, day) DO UPDATE SET blocks = d.blocks || excluded.blocks
  WHERE NOT d.blocks @> excluded.blocks
$$;
