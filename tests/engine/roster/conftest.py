"""A small OneRoster set of our own, and ways to lay it down as a zip or a folder."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SET_1_1 = {
    "manifest.csv": """propertyName,value
manifest.version,1.0
oneroster.version,1.1
file.classes,bulk
file.courses,bulk
file.demographics,absent
file.enrollments,bulk
file.orgs,bulk
file.users,bulk
""",
    "orgs.csv": """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
o-district,,,North District,district,,
o-lind,,,Lindholm School,school,,o-district
o-maths,,,Mathematics,department,,o-lind
""",
    "users.csv": """sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,\
familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
007,,,true,o-maths,teacher,a.unal,,Aylin,Ünal,,,a.unal@north.example,0700111,0700222,,,Secret-1
u-head,,,true,"o-lind,o-district",administrator,b.karl,,Bo,Karlsson,,,,,,,,Secret-2
u-pupil,,,true,o-lind,student,c.pupil,,Cleo,Pupilsson,,,c@pupil.example,0700333,0700444,u-parent,09,Secret-3
u-parent,,,true,o-lind,parent,d.parent,,Dora,Parentsson,,,d@home.example,0700555,0700666,u-pupil,,Secret-4
""",
    "courses.csv": "sourcedId,status,title,subjects\nc-geo,,Geometry,Geometry\n",
    "classes.csv": """sourcedId,status,title,grades,courseSourcedId,subjects
k-1,,Algebra 1,"09,10",,"Mathematics, Algebra"
k-2,,Geometry,10,c-geo,
k-3,tobedeleted,Old,12,,History
""",
    "enrollments.csv": """sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role
e-1,,k-1,o-lind,007,teacher
e-2,,k-2,o-lind,007,teacher
e-3,,k-3,o-lind,007,teacher
e-4,,k-1,o-lind,u-pupil,student
""",
}
SET_1_2 = {
    "manifest.csv": """propertyName,value
manifest.version,1.0
oneroster.version,1.2
file.orgs,bulk
file.roles,bulk
file.users,bulk
""",
    "orgs.csv": SET_1_1["orgs.csv"],
    "users.csv": """sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,email,password,\
primaryOrgSourcedId
007,,1/05/2023,TRUE,a.unal,Aylin,Ünal,a.unal@north.example,Secret-1,o-lind
u-head,,1/05/2023,TRUE,b.karl,Bo,Karlsson,,Secret-2,
u-pupil,,1/05/2023,TRUE,c.pupil,Cleo,Pupilsson,c@pupil.example,Secret-3,o-lind
u-parent,,1/05/2023,TRUE,d.parent,Dora,Parentsson,d@home.example,Secret-4,o-lind
""",
    "roles.csv": """sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId
r-1,,,007,primary,teacher,,2026-06-30,o-lind
r-2,,,007,secondary,guardian,,,o-lind
r-3,,,u-head,primary,principal,,,o-district
r-4,,,u-pupil,primary,student,,,o-lind
r-5,,,u-parent,primary,parent,,,o-lind
""",
}
Write = Callable[..., Path]


@pytest.fixture
def set_1_1() -> dict[str, str]:
    return dict(SET_1_1)


@pytest.fixture
def set_1_2() -> dict[str, str]:
    return dict(SET_1_2)


@pytest.fixture
def zipped(tmp_path: Path) -> Write:
    def write(files: Mapping[str, str | bytes], name: str = "set.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in files.items():
                archive.writestr(file, content)
        return path

    return write


@pytest.fixture
def in_folder(tmp_path: Path) -> Write:
    def write(files: Mapping[str, str], name: str = "set") -> Path:
        for file, content in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def csv_file(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "roster.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
