"""The team (reference/api-v2.md §11)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, RootModel

from .operation import ABSENT, Error, Id, Moment, Operation, Operations, Reply, many, one

TAG = "Team"


class TeamShown(Reply):
    id: Id
    name: str


class Person(Reply):
    id: Id
    email: str
    name: str
    role: Literal["admin", "editor", "viewer"]


class Member(Person):
    is_current_user: bool


class Issue(Reply):
    code: str
    path: list[str | int] = Field(description="Keys and positions, from the outside to the inside.")
    message: str


class PartIssues(Reply):
    issues: list[Issue]
    name: str


class PartFault(Reply):
    type: Literal["Body", "Params", "Query", "Headers"]
    errors: PartIssues


class TeamFault(RootModel[Error | list[PartFault]]):
    """A message, or what is wrong with each part of the request; the routes of the team list it so."""


class Invited(Reply):
    email: str
    invitation_id: Id
    status: Literal["pending"]
    url: str


class Invitation(Reply):
    id: Id
    created_at: Moment
    email: str
    name: str = ABSENT
    url: str


class Success(Reply):
    success: Literal[True]


Done = one("Done", Success)

OPERATIONS: Operations = {
    ("GET", "/team"): Operation("getTeam", TAG, "Your team", one("TeamEnvelope", TeamShown)),
    ("GET", "/team/members"): Operation("listTeamMembers", TAG, "Its people", many("MemberList", Member)),
    ("PATCH", "/team/member/{id}"): Operation(
        "changeTeamMember",
        TAG,
        "Give a person another role",
        one("PersonEnvelope", Person),
        examples={"may look, not touch": {"role": "viewer"}},
        errors=(404, 409),
        fault=TeamFault,
    ),
    ("DELETE", "/team/member/{id}"): Operation(
        "removeTeamMember", TAG, "Remove a person", Done, errors=(404, 409), fault=TeamFault
    ),
    ("GET", "/team/invitations"): Operation(
        "listTeamInvitations",
        TAG,
        "Who was invited and has not come yet",
        many("InvitationList", Invitation),
        "For admins: a link is a way in.",
        errors=(403,),
    ),
    ("POST", "/team/invitation"): Operation(
        "inviteTeamMember",
        TAG,
        "Invite somebody",
        one("InvitedEnvelope", Invited),
        "Nothing is sent: pass the address in `url` on yourself. The same person gets the same address again.",
        examples={"by e-mail address": {"email": "lin@example.com", "name": "Lin"}},
        fault=TeamFault,
    ),
    ("DELETE", "/team/invitation/{id}"): Operation(
        "deleteTeamInvitation", TAG, "Take an invitation back", Done, errors=(404,), fault=TeamFault
    ),
}
