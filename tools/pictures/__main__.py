"""Make the documents anew, and say which changed."""

from tools.pictures import documents

for path in documents.write():
    print(f"  {path}")
