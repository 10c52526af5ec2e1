"""Reads the rows of some queries with simple-salesforce and counts them. Arguments: `rest` or `bulk`, then the queries."""

import csv
import io
import os
import re
import sys

import requests
from simple_salesforce import Salesforce

session = requests.Session()
session.trust_env = False
session.verify = os.environ["ORG_CA"]
sf = Salesforce(
    session_id=os.environ["ORG_TOKEN"], instance_url=os.environ["ORG_INSTANCE"], session=session, version="67.0"
)
transport, *queries = sys.argv[1:]
count = 0
for query in queries:
    if transport == "rest":
        count += sum(1 for _ in sf.query_all_iter(query))
    else:
        name = re.search(r" FROM (\w+)", query).group(1)
        for page in getattr(sf.bulk2, name).query(query, max_records=50_000, wait=0.1):
            count += sum(1 for _ in csv.DictReader(io.StringIO(page)))
print(count)
