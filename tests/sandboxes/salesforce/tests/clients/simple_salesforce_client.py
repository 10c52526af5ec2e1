"""Reads and writes the sandbox with simple-salesforce, unmodified.

simple-salesforce signs in at https://DOMAIN.salesforce.com only, so its HTTP session carries requests for that host
to the sandbox's login host. Everything else is the library's own.
"""

import csv
import io
import os
import sys

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
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

# A query job, its results page by page.
pages = list(sf.bulk2.User.query("SELECT Id, Username, Profile.Name, IsActive FROM User", max_records=1_500))
rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
assert len(pages) == -(-USERS // 1_500), len(pages)
told = [(user["Id"], user["Username"], str(user["IsActive"]).lower()) for user in users]
assert [(row["Id"], row["Username"], row["IsActive"]) for row in rows] == told
assert rows[0]["Profile.Name"] == "Identity Integration", rows[0]

error = raised(SalesforceMalformedRequest, lambda: sf.query("SELECT Id, Foo FROM User"))
assert error.content[0]["errorCode"] == "INVALID_FIELD", error.content
raised(SalesforceResourceNotFound, lambda: sf.User.get("005000000000000AAA"))
error = raised(SalesforceAuthenticationFailed, lambda: sign_in("nobody@acme.example"))
assert error.code == "invalid_grant", error



def person(number, **fields):
    """A user that the org takes."""
    made = {
        "Username": f"python.{number}@new.example",
        "LastName": "Roe",
        "Alias": "proe",
        "Email": "python@new.example",
        "ProfileId": sf.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")["records"][0]["Id"],
        "TimeZoneSidKey": "Europe/Rome",
        "LocaleSidKey": "it_IT",
        "LanguageLocaleKey": "it",
        "EmailEncodingKey": "UTF-8",
        "IsActive": True,
    }
    return {**made, **fields}


made = sf.User.create(person(1, Department="Café"))
assert made["success"] and made["errors"] == [] and made["id"].startswith("005"), made
user = made["id"]
assert sf.User.get(user)["Department"] == "Café"
assert sf.User.update(user, {"Title": "Analyst", "Department": None}) == 204
assert (sf.User.get(user)["Title"], sf.User.get(user)["Department"]) == ("Analyst", None)
error = raised(SalesforceMalformedRequest, lambda: sf.User.create(person(1)))
assert error.content[0]["errorCode"] == "DUPLICATE_USERNAME", error.content
assert error.content[0]["fields"] == ["Username"], error.content
error = raised(SalesforceMalformedRequest, lambda: sf.User.update(user, {"TimeZoneSidKey": "Mars/Base"}))
assert error.content[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", error.content
error = raised(SalesforceGeneralError, lambda: sf.User.delete(user))
assert error.status == 405, error

permission_set = sf.query("SELECT Id FROM PermissionSet WHERE Name = 'Sales_Ops'")["records"][0]["Id"]
grant = {"AssigneeId": user, "PermissionSetId": permission_set}
assignment = sf.PermissionSetAssignment.create(grant)["id"]
error = raised(SalesforceMalformedRequest, lambda: sf.PermissionSetAssignment.create(grant))
assert error.content[0]["errorCode"] == "DUPLICATE_VALUE", error.content
assert sf.PermissionSetAssignment.delete(assignment) == 204
error = raised(SalesforceResourceNotFound, lambda: sf.PermissionSetAssignment.delete(assignment))
assert error.content[0]["errorCode"] == "ENTITY_IS_DELETED", error.content

rows = [{"attributes": {"type": "User"}, **person(number)} for number in (1, 2)]
written = sf.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": rows})
assert [row["success"] for row in written] == [False, True], written
assert written[0]["errors"][0]["statusCode"] == "DUPLICATE_USERNAME", written

assert sf.set_password(user, "correct horse 1") is None
error = raised(SalesforceMalformedRequest, lambda: sf.set_password(user, "correct horse 1"))
assert error.content["errorCode"] == "INVALID_NEW_PASSWORD", error.content
assert sf.restful(f"sobjects/User/{user}/password") == {"isExpired": False}
assert len(sf.restful(f"sobjects/User/{user}/password", method="DELETE")["NewPassword"]) >= 8

login = sf.query(f"SELECT Id FROM UserLogin WHERE UserId = '{user}'")["records"][0]["Id"]
assert sf.UserLogin.update(login, {"IsFrozen": True}) == 204
assert sf.User.update(user, {"IsActive": False}) == 204
assert sf.User.get(user)["IsActive"] is False

sf.session.post(f"{LOGIN}/services/oauth2/revoke", data={"token": sf.session_id}).raise_for_status()
expired = Salesforce(instance_url=os.environ["SANDBOX_INSTANCE"], session_id=sf.session_id, session=session())
error = raised(SalesforceExpiredSession, lambda: expired.query("SELECT Id FROM User"))
assert error.content[0]["errorCode"] == "INVALID_SESSION_ID", error.content
print("read and written with simple-salesforce")
