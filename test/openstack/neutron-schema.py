"""Neutron's tables in an empty SQLite file: its migrations alter constraints, which SQLite cannot."""
import sys

from neutron.db.migration.models import head
from sqlalchemy import create_engine

engine = create_engine(f"sqlite:///{sys.argv[1]}")
head.get_metadata().create_all(engine)
