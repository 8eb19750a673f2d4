"""The `domains` part of a rerun: the effective fraction of two domains in a mixture, and the share to train at."""

from typing import Literal

from pydantic import Field, model_validator

from curation_scaling.study.base import Count, Name, Part, Positive, Real, Share, check_once
from curation_scaling.study.checks_base import TOLERANCE, Check, ScalarCheck

Method = Literal["predicted", "approximated", "last", "line", "between"]
_PLAIN = {"size": ("last", "line"), "share": ("between",)}
Coefficient = Literal["alpha", "L_inf", "c1", "c2", "c3"]


class Domains(Part):
    """Two domains mixed at several shares and model sizes: L_i = beta_p N^-alpha + L_inf, and f_i(p) of each."""

    table: Name = Field(description="table with params and share, group the domain that the error is measured on")
    first: str = Field(min_length=1, description="the domain whose share is chosen")
    importance: list[Share] = Field(
        [0.5], min_length=1, description="weights w of the first domain's loss; the second domain's is 1 - w"
    )
    params: list[Positive] = Field([], description="model sizes to choose a share for, beside those of the table")
    apart: list[Share] = Field(
        [], description="shares of a domain that the test of f_hat leaves out, and foretells at every size"
    )
    bootstrap: Count = Field(500, description="bootstrap replicates, over draws; the same for both domains")
    level: Share = Field(0.95, description="level of the intervals")

    @model_validator(mode="after")
    def _once(self) -> "Domains":
        for key in ("importance", "params", "apart"):
            check_once(key, getattr(self, key))
        return self


class DomainConstantCheck(Check):
    """Constants of a domain's law and of its f_hat; they agree where the interval holds the published value."""

    kind: Literal["domain_constant"]
    domain: str = Field(min_length=1)
    published: dict[Coefficient, Real | None] = Field(
        min_length=1, description="constant: published value, or null where none was published"
    )


class DomainFractionCheck(Check):
    """The effective fraction f(p) of a domain; without a tolerance the interval decides."""

    kind: Literal["domain_fraction"]
    domain: str = Field(min_length=1)
    share: Share
    published: Real | None = Field(None, description="the published number, if there is one")
    tolerance: Positive | None = Field(None, description=f"{TOLERANCE}; default: the interval decides")


class DomainErrorCheck(ScalarCheck):
    """The root mean square of ln(predicted / loss) over what was held out, of both domains."""

    kind: Literal["domain_error"]
    test: Literal["size", "share"] = Field(description="size: held-out trainings; share: the shares of `apart`")
    method: Method = Field(
        "approximated",
        description="predicted: the share's own beta; approximated: f_hat, fitted without `apart`; last: the widest "
        "fitted size at that share; line: the line of the logs through the two widest; between: neighbouring shares",
    )

    @model_validator(mode="after")
    def _fits(self) -> "DomainErrorCheck":
        known = ("approximated", *_PLAIN[self.test], *(["predicted"] if self.test == "size" else []))
        if self.method not in known:
            raise ValueError(f"method: {self.method} does not foretell a {self.test}; use {', '.join(known)}")
        return self


class DomainRegretCheck(ScalarCheck):
    """The largest measured regret of the trained shares that f_hat calls best, over sizes and importances."""

    kind: Literal["domain_regret"]
    method: Literal["law", "plain"] = Field("law", description="law: by f_hat; plain: the share nearest to importance")


DomainChecks = DomainConstantCheck | DomainFractionCheck | DomainErrorCheck | DomainRegretCheck
