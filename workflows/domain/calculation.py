"""The arithmetic of a reward: from facts and tables to lines that explain themselves. Nothing here touches a row.

Everything is exact (Decimal from the tables, Fraction in between); a payable amount is rounded half-up to whole 元
once, where it arises. Rules are asked by ``ask(decision, inputs)``, which the caller ties to an instant.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from workflows.domain.rules import Decided
from workflows.errors import Conflict

Ask = Callable[[str, Mapping[str, object]], Decided]
Number = Decimal | Fraction | int

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
FORMULA = "（固定奖 + 创效奖）× Kc × Kt × Kdual × V"
FAILED = "不通过"
MODES = {1: "grid", 2: "product"}  # of D11, by setting dual_link_mode
MILESTONES, ACCEPTANCE, CLAWBACK, POST = "milestones", "acceptance", "clawback", "post_evaluation"


@dataclass(frozen=True)
class Line:
    """One factor of a reward with what gave it: a table's file, version and row ids, or nothing for plain facts."""

    factor: str
    value: str
    text: str
    file: str | None = None
    version: int | None = None
    rows: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Veto:
    """A confirmed veto event: its clause of D12."""

    clause: str
    is_major: bool = False


@dataclass(frozen=True)
class Facts:
    """What a project's reward is worked out from; amounts in 分, ``met_ratio`` and ``p``, ``b`` exact.

    ``score`` is None for a project that ended before an acceptance. ``flat_fen`` takes the place of the benefit
    where it is not measurable. ``is_beaten``: accepted, but not the best of its race. ``pool_fen``: what is left
    of the year's pool; None where none is kept.
    """

    level: str
    fixed_fen: int
    benefit_cap_fen: int
    cap_fen: int
    score: Decimal | None
    hard_ok: bool
    met_ratio: Decimal
    is_rectified: bool
    net_benefit_fen: int | None
    flat_fen: int | None
    applied_on: dt.date | None
    deadline: dt.date
    started_on: dt.date | None
    p: Decimal
    b: Decimal
    vetoes: tuple[Veto, ...] = ()
    prepaid_fen: int = 0
    is_exempt: bool = False
    is_beaten: bool = False
    pool_fen: int | None = None


@dataclass(frozen=True)
class Instalment:
    """One part of a reward in 分; a claw-back is negative."""

    kind: str
    fen: int


@dataclass(frozen=True)
class Sheet:
    """测算表: the factors, the total in 分 (whole 元), and a line for each. ``kt`` is None without an application."""

    verdict: str
    kc: Decimal
    kt: Decimal | None
    kdual: Decimal
    v: Decimal
    total_fen: int
    lines: tuple[Line, ...]

    @property
    def is_accepted(self) -> bool:
        return self.kc > 0


@dataclass(frozen=True)
class Rates:
    """得分率 of a unit's two sides, 0..100, exact."""

    p: Decimal
    b: Decimal
    lines: tuple[Line, ...]


def measure(ask: Ask, facts: Facts) -> Sheet:
    """测算: the total and its explanation. Raises Conflict where the planned time is not a day long."""
    fixed = Line("fixed", _wan(facts.fixed_fen), f"{facts.level} 级榜单的固定奖 {_wan(facts.fixed_fen)} 万元")
    award_fen, award = _benefit(ask, facts)
    verdict, kc, verdict_line = _verdict(ask, facts)
    kt, kt_line = _timeliness(ask, facts)
    kdual, dual_line = dual(ask, facts.p, facts.b)
    v, veto_line = _veto(ask, facts.vetoes)
    exact = (facts.fixed_fen + award_fen) * Fraction(kc) * Fraction(1 if kt is None else kt)
    exact *= Fraction(kdual) * Fraction(v)
    total_fen, total = _total(facts, exact)
    lines = (fixed, award, verdict_line, kt_line, dual_line, veto_line, total)
    return Sheet(verdict, kc, kt, kdual, v, total_fen, tuple(line for line in lines if line))


def _benefit(ask: Ask, facts: Facts) -> tuple[Fraction, Line]:
    """The benefit award in 分, not rounded."""
    if facts.flat_fen is not None:
        wan = _wan(facts.flat_fen)
        return Fraction(facts.flat_fen), Line("benefit", wan, f"效益不可计量，按级别定额 {wan} 万元")
    if facts.net_benefit_fen is None:
        return Fraction(0), Line("benefit", "0", "没有核定效益，创效奖为 0")
    benefit = Decimal(facts.net_benefit_fen) / FEN_PER_WAN
    decided = ask("reward_base", {"benefit": benefit})
    award = Fraction(decided.value) * FEN_PER_WAN
    text = f"核定年净效益 {_plain(benefit)} 万元，累进计奖 {_plain(decided.value)} 万元"
    if award > facts.benefit_cap_fen:
        award = Fraction(facts.benefit_cap_fen)
        text += f"，封顶 {_wan(facts.benefit_cap_fen)} 万元"
    return award, _line("benefit", _plain(_decimal(award / FEN_PER_WAN)), text, decided)


def _verdict(ask: Ask, facts: Facts) -> tuple[str, Decimal, Line]:
    if facts.score is None:
        return FAILED, Decimal(0), Line("Kc", "0", "项目在验收之前结束，验收系数为 0")
    asked = {"score": facts.score, "hard_ok": facts.hard_ok, "met_ratio": facts.met_ratio}
    decided = ask(
        "acceptance_verdict", {**asked, "rectification": "passed" if facts.is_rectified else "failed"}
    )
    verdict, kc = str(decided.value["verdict"]), Decimal(decided.value["kc"])
    text = f"验收得分 {_plain(facts.score)}，结论{verdict}，验收系数 {_plain(kc)}"
    return verdict, kc, _line("Kc", _plain(kc), text, decided)


def _timeliness(ask: Ask, facts: Facts) -> tuple[Decimal | None, Line | None]:
    if facts.applied_on is None or facts.started_on is None:
        return None, None
    planned = (facts.deadline - facts.started_on).days
    if planned < 1:
        raise Conflict("完成期限不晚于启动日，无法计算时效系数，请先更正项目的启动日或期限。")
    late = (facts.applied_on - facts.deadline).days
    decided = ask("timeliness", {"late_days": late, "planned_days": planned})
    kt = Decimal(decided.value)
    told = f"晚于期限 {late} 天" if late > 0 else f"早于期限 {-late} 天" if late else "在期限当天"
    text = f"计划 {planned} 天，申请验收{told}，时效系数 {_plain(kt)}"
    return kt, _line("Kt", _plain(kt), text, decided)


def dual(ask: Ask, p: Decimal, b: Decimal) -> tuple[Decimal, Line]:
    """The dual-link coefficient by D11, in the mode that the setting dual_link_mode names."""
    mode = int(ask("setting", {"name": "dual_link_mode"}).value["value"])
    if mode not in MODES:
        raise Conflict("参数 dual_link_mode 应为 1（矩阵）或 2（乘积），请审定新版本改正。")
    decided = ask("dual_link", {"mode": MODES[mode], "p": p, "b": b})
    kdual = Decimal(decided.value)
    text = f"党建得分率 {_plain(p)}，经营得分率 {_plain(b)}，双挂钩系数 {_plain(kdual)}"
    return kdual, _line("Kdual", _plain(kdual), text, decided)


def _veto(ask: Ask, vetoes: Sequence[Veto]) -> tuple[Decimal, Line]:
    decided = ask("veto", {"events": [{"clause": one.clause, "is_major": one.is_major} for one in vetoes]})
    v = Decimal(decided.value)
    clauses = "、".join(dict.fromkeys(one.clause for one in vetoes))
    told = f"否决事项 {clauses}，否决系数 {_plain(v)}" if vetoes else "没有否决事项，否决系数 1"
    return v, _line("V", _plain(v), told, decided)


def _total(facts: Facts, exact: Fraction) -> tuple[int, Line]:
    """The total in 分, whole 元, and its line; ``exact`` is in 分."""
    text = FORMULA
    if facts.is_beaten:
        return 0, Line("total", "0", f"{text}；赛马只奖励最优的一队，本队总额为 0")
    if exact > facts.cap_fen:
        exact, text = Fraction(facts.cap_fen), f"{text}，封顶 {_wan(facts.cap_fen)} 万元"
    if facts.pool_fen is not None and exact > facts.pool_fen:
        exact = Fraction(facts.pool_fen - facts.pool_fen % FEN_PER_YUAN)
        text = f"{text}，年度激励总额还剩 {_wan(facts.pool_fen)} 万元"
    yuan = half_up(exact / FEN_PER_YUAN)
    return yuan * FEN_PER_YUAN, Line("total", str(yuan), f"{text} = {yuan} 元")


def prepayment_fen(ask: Ask, level: str, *, fixed_fen: int, pay_pct: Decimal | int, released_pct: int) -> int:
    """节点预发: what one milestone pre-pays of the fixed award, in 分 (whole 元), by D16.

    ``pay_pct`` is the node's share of the pre-payment, ``released_pct`` how much of that D8 has released.
    """
    share = Fraction(ask("payout_plan", {"level": level}).value["milestone_pct"])
    exact = Fraction(fixed_fen, FEN_PER_YUAN) * share / 100 * Fraction(pay_pct) / 100 * released_pct / 100
    return half_up(exact) * FEN_PER_YUAN


def instalments(ask: Ask, facts: Facts, sheet: Sheet, *, realised_fen: int | None = None) -> list[Instalment]:
    """兑现计划 of ``sheet`` by D16; ``realised_fen`` is the benefit found by the post-evaluation, if any.

    Level C: the acceptance. A and B: milestones, acceptance or claw-back, post-evaluation; zeros included.
    """
    total = sheet.total_fen // FEN_PER_YUAN
    first_pct = Fraction(ask("payout_plan", {"level": facts.level}).value["acceptance_pct"])
    if first_pct == 100:
        return [Instalment(ACCEPTANCE, sheet.total_fen)]
    prepaid = facts.prepaid_fen // FEN_PER_YUAN
    first = half_up(total * first_pct / 100)
    keeps = facts.is_beaten if sheet.is_accepted else facts.is_exempt
    now = 0 if keeps else first - prepaid
    later = half_up((total - first) * _realised_share(facts, sheet, realised_fen))
    kinds = (MILESTONES, CLAWBACK if now < 0 else ACCEPTANCE, POST)
    return [Instalment(kind, n * FEN_PER_YUAN) for kind, n in zip(kinds, (prepaid, now, later), strict=True)]


def plan_line(ask: Ask, facts: Facts, planned: Sequence[Instalment]) -> Line:
    """How D16 divides the total into ``planned``."""
    decided = ask("payout_plan", {"level": facts.level})
    early, first = (_plain(decided.value[name]) for name in ("milestone_pct", "acceptance_pct"))
    amounts = " / ".join(str(one.fen // FEN_PER_YUAN) for one in planned)
    text = f"节点预发占固定奖 {early}%，验收兑现占总额 {first}%（扣除已预发），其余后评价后兑现"
    return _line("plan", amounts, text, decided)


def level_line(level: str, decided: Decided | None) -> Line:
    """D1 for the level of the list; None where it was not the table that gave it."""
    text = f"榜单定级为 {level} 级"
    return Line("level", level, text) if decided is None else _line("level", level, text, decided)


def _realised_share(facts: Facts, sheet: Sheet, realised_fen: int | None) -> Fraction:
    """min(1, realised / verified), 0 at least; 1 where there is nothing to compare."""
    verified = facts.net_benefit_fen
    if realised_fen is None or verified is None or verified <= 0 or facts.flat_fen is not None:
        return Fraction(1)
    return max(Fraction(0), min(Fraction(1), Fraction(realised_fen, verified)))


def rates(ask: Ask, scores: Mapping[str, Decimal]) -> Rates:
    """得分率: P and B, the weighted sums of ``scores`` (category -> 0..100) by table category_weight.

    Raises KeyError for a category without a score.
    """
    sums, lines = [], []
    for side, name in (("P", "党建得分率"), ("B", "经营得分率")):
        decided = ask("category_weight", {"side": side})
        value = sum((row["weight"] * scores[row["category"]] for row in decided.value), Decimal(0)) / 100
        parts = " + ".join(f"{row['category']} {_plain(row['weight'])}%" for row in decided.value)
        sums.append(value)
        lines.append(_line(side, _plain(value), f"{name} = {parts}", decided))
    return Rates(sums[0], sums[1], tuple(lines))


def half_up(value: Fraction) -> int:
    """``value`` (not negative) rounded half-up to a whole number."""
    return int(value + Fraction(1, 2))


def _line(factor: str, value: str, text: str, decided: Decided) -> Line:
    step: Any = decided.trace[-1]
    rows = tuple(str(rule["id"]) for rule in step["rules"])
    return Line(factor, value, text, decided.file, decided.version, rows, dict(step["inputs"]))


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _wan(fen: int) -> str:
    return _plain(Decimal(fen) / FEN_PER_WAN)


def _plain(value: Decimal) -> str:
    """``value`` without an exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
