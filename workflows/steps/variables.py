"""The variables of the processes that diagrams may read: what starts, steps, messages and forms give.

A diagram that reads another name is refused at deploy; what only that diagram reads and itself gives (the item of a
loop, the result of a table or a round) need not stand here.
"""

_IDS = """
    action_item_id appeal_id appraisal_id appraisal_ids batch_id batch_ids bid_id chair_ids challenge_id
    clawback_ids declare_ids expert_ids flagged_ids joining_ids leader_id meeting_item_ids member_ids
    milestone_id moved_item_ids new_leader_id objection_filer_id objection_id opinion_expert_ids owner_id
    owner_ids pack_id panel_expert_ids preview_ids project_id project_ids publicity_id rollout_item_ids
    split_member_ids sponsor_unit_id unit_heads unit_id veto_id winner_ids year_id
"""
_TIMES = """
    appeal_to apply_by bid_to bids_open_at confirm_by cure_by gather_by intake_closes_at intake_opens_at
    item_due_at item_escalate_at lapse_at light_at mediate_at meeting_hold_by monthly_at node_due
    objection_accept_by objection_reply_by objection_review_by period_ends_at post_at publicity_ends query_by
    rectify_by rectify_due remind_at report_cycle rules_at sheet_by supplement_by verify_by year_ends_at
"""
_STAGES = """
    approval_stages objection_stage post_stage recheck_stage sign_stage stage verify_stage
"""
_ANSWERS = """
    after_action appeal_won approval_result asked bid_count change_effect change_kind change_opinion
    change_possible closing experts_are_few fail_reason has_appraisal has_last has_reserve is_liable is_lifted
    is_race is_relisted is_settled is_split item_is_closed judged justification justify_ratio level light_cause
    may_cure meeting_by_leader meeting_kind meeting_wanted minutes_signed needs_experts next_step
    objection_accepted objection_extended objection_review_asked objections_open opinion_ratio papers_complete
    payout period plan_agreed proceed publicity_result query_asked race_is_settled race_settled review_result
    rules_met scoring sealed seats_free seats_missing sheet_appealed sign_outcome split_ok split_ratio
    terms_agreed total_fen triage_action turned_red verdict vote_confirmed vote_only wants_share_meeting
"""
VARIABLES = frozenset(f"{_IDS}{_TIMES}{_STAGES}{_ANSWERS}".split())
