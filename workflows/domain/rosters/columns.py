"""The sheets of the workbook and their columns: what the template shows, what reading expects, what errors name."""

from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

UNITS, POSTS, PEOPLE, ROLES, HOLDINGS = "单位", "岗位", "人员", "角色", "任岗"
YES, NO = "是", "否"
MOST_ROWS = 20_000  # of a sheet


@dataclass(frozen=True)
class Column:
    """One column. ``choice`` names what its drop-down offers: yes_no, role, or a sheet whose codes it takes."""

    key: str
    title: str
    longest: int
    help: str
    required: bool = False
    choice: str = ""


@dataclass(frozen=True)
class Row:
    """A row that was filled in: its number in the sheet, and the texts of its cells by key, blank ones left away."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class CellError:
    """What is wrong in one cell; ``column`` is its letter in the sheet that was sent."""

    sheet: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.sheet} 第 {self.row} 行 {self.column} 列：{self.text}"


@dataclass(frozen=True)
class Book:
    """A workbook as it was sent: rows by sheet, and the letter of each column by sheet and key."""

    rows: dict[str, list[Row]]
    letters: dict[tuple[str, str], str] = field(default_factory=dict)

    def error(self, sheet: str, row: Row, key: str, text: str) -> CellError:
        return CellError(sheet, row.number, self.letters.get((sheet, key), "A"), text)


UNIT_CODE = "“单位”表或系统中已有的编码"
SHEETS: dict[str, tuple[Column, ...]] = {
    UNITS: (
        Column("code", "编码", 20, "单位编码，不重复；已有的编码即为更新", required=True),
        Column("name", "名称", 80, "单位名称，不重复", required=True),
        Column("parent", "上级编码", 20, "上级单位的编码；最上级留空", choice=UNITS),
    ),
    POSTS: (
        Column("code", "编码", 30, "岗位编码，不重复；已有的编码即为更新", required=True),
        Column("name", "名称", 80, "岗位名称，同一单位内不重复", required=True),
        Column("unit", "单位编码", 20, UNIT_CODE, required=True, choice=UNITS),
        Column("business_duty", "业务职责", 2000, "一岗双责之业务职责"),
        Column("party_duty", "党建职责", 2000, "一岗双责之党建职责"),
    ),
    PEOPLE: (
        Column("login", "登录名", 60, "字母、数字和 . _ @ -；已有的登录名即为更新", required=True),
        Column("name", "姓名", 60, "姓名", required=True),
        Column("unit", "单位编码", 20, UNIT_CODE, required=True, choice=UNITS),
        Column("email", "邮箱", 120, "用于通知和找回密码，可不填"),
        Column("on_duty", "在岗", 1, "是或否；新人员不填为是", choice="yes_no"),
        Column("is_manager", "科级以上", 1, "科级以上管理人员：是或否；新人员不填为否", choice="yes_no"),
    ),
    ROLES: (
        Column("login", "登录名", 60, "“人员”表或系统中已有的登录名", required=True, choice=PEOPLE),
        Column("role", "角色", 30, "从下拉列表中选择", required=True, choice="role"),
        Column("unit", "单位编码", 20, "在哪个单位担任；全厂的角色留空", choice=UNITS),
    ),
    HOLDINGS: (
        Column("login", "登录名", 60, "“人员”表或系统中已有的登录名", required=True, choice=PEOPLE),
        Column("post", "岗位编码", 30, "“岗位”表或系统中已有的编码", required=True, choice=POSTS),
    ),
}


def letter(sheet: str, key: str) -> str:
    """Where the template has a column."""
    place = next(n for n, column in enumerate(SHEETS[sheet], start=1) if column.key == key)
    return get_column_letter(place)
