"""What a hyperparameter may be, in scikit-learn's own words."""

from __future__ import annotations

from typing import Any

from mlmagic._suggest import listed


def valid(estimator: Any, name: str) -> str | None:
    """What a hyperparameter takes: "an int in the range [1, inf)"; None where the estimator does not say."""
    try:
        from sklearn.utils._param_validation import make_constraint
    except ImportError:  # not public: another version may keep it elsewhere
        return None
    constraints = getattr(estimator, "_parameter_constraints", {}).get(name, "no_validation")
    if constraints == "no_validation":
        return None
    made = [make_constraint(item) for item in constraints]
    words = [str(item) for item in made if not item.hidden]
    return listed(words) if words else None
