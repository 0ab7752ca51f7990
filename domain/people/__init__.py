"""People and pairings: their state, how events change it, and what may be done with them."""

from .person import Pairing, Person, Profile, evolve_person, fold_person

__all__ = ["Pairing", "Person", "Profile", "evolve_person", "fold_person"]
