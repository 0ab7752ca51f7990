"""Commands on cycles, by what they are about: the course, the partners, goals, lessons, looking back."""
