"""Neutron's tables in an empty SQLite file, and the rules that its migrations put into every default security group: they alter constraints, which SQLite cannot."""
import sys
import uuid

from neutron.db.migration.models import head
from neutron.db.models.securitygroup_default_rules import SecurityGroupDefaultRule
from sqlalchemy import create_engine, orm

engine = create_engine(f"sqlite:///{sys.argv[1]}")
head.get_metadata().create_all(engine)

with orm.Session(engine) as session:
    for ethertype in ("IPv4", "IPv6"):
        rule = {"ethertype": ethertype, "used_in_default_sg": True}
        session.add(SecurityGroupDefaultRule(
            id=str(uuid.uuid4()), direction="egress", used_in_non_default_sg=True, **rule))
        # PARENT stands for the group that gets the rule.
        session.add(SecurityGroupDefaultRule(
            id=str(uuid.uuid4()), direction="ingress", remote_group_id="PARENT",
            used_in_non_default_sg=False, **rule))
    session.commit()
