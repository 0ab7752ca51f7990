import pytest

pytest.register_assert_rewrite("mentorcycle.engine.testing.store_contract")
