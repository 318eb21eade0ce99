"""人员工作簿: units, posts, people and their roles as one Excel workbook, taken in whole or not at all.

Imported where it is used: openpyxl takes a while.
"""
