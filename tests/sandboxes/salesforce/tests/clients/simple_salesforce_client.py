"""Reads the sandbox with simple-salesforce, unmodified.

simple-salesforce signs in at https://DOMAIN.salesforce.com only, so its HTTP session carries requests for that host
to the sandbox's login host. Everything else is the library's own.
"""

import os
import sys

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

LOGIN = os.environ["SANDBOX_LOGIN"]
USERS = int(os.environ["SANDBOX_USERS"])


class ToSandbox(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        request.url = request.url.replace("https://login.salesforce.com", LOGIN)
        return super().send(request, **options)


def session():
    made = requests.Session()
    made.trust_env = False
    made.verify = os.environ["SANDBOX_CA"]
    made.mount("https://login.salesforce.com", ToSandbox())
    return made


def sign_in(username):
    return Salesforce(
        username=username,
        consumer_key=os.environ["SANDBOX_KEY"],
        privatekey_file=os.environ["SANDBOX_KEY_FILE"],
        session=session(),
        version="67.0",
    )


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    sys.exit(f"no {kind.__name__}")


sf = sign_in(os.environ["SANDBOX_USERNAME"])
assert sf.sf_instance == os.environ["SANDBOX_INSTANCE"].replace("https://", ""), sf.sf_instance

users = list(sf.query_all_iter("SELECT Id, Username, Profile.Name, UserRole.Name, IsActive FROM User"))
assert len(users) == USERS and len({user["Id"] for user in users}) == USERS
assert users[0]["Profile"]["Name"] == "Identity Integration"
whole = sf.query_all("SELECT Id, AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = false")
assert whole["totalSize"] == len(whole["records"]) == 2 * USERS, whole["totalSize"]
assert sf.query("SELECT COUNT() FROM User WHERE IsActive = true")["totalSize"] < USERS
child = sf.query("SELECT Id, (SELECT Id FROM PermissionSetAssignments) FROM User LIMIT 1")["records"][0]
assert child["PermissionSetAssignments"]["totalSize"] == 3

assert any(thing["name"] == "User" for thing in sf.describe()["sobjects"])
fields = {field["name"]: field for field in sf.User.describe()["fields"]}
assert fields["Badge_Number__c"]["type"] == "double" and not fields["Username"]["nillable"]
assert sf.User.get(users[5]["Id"])["Username"] == users[5]["Username"]
assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
assert sf.api_usage["api-usage"].total == 100_000

error = raised(SalesforceMalformedRequest, lambda: sf.query("SELECT Id, Foo FROM User"))
assert error.content[0]["errorCode"] == "INVALID_FIELD", error.content
raised(SalesforceResourceNotFound, lambda: sf.User.get("005000000000000AAA"))
error = raised(SalesforceAuthenticationFailed, lambda: sign_in("nobody@acme.example"))
assert error.code == "invalid_grant", error

sf.session.post(f"{LOGIN}/services/oauth2/revoke", data={"token": sf.session_id}).raise_for_status()
expired = Salesforce(instance_url=os.environ["SANDBOX_INSTANCE"], session_id=sf.session_id, session=session())
error = raised(SalesforceExpiredSession, lambda: expired.query("SELECT Id FROM User"))
assert error.content[0]["errorCode"] == "INVALID_SESSION_ID", error.content
print("read with simple-salesforce")
