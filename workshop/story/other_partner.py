"""The other partner, which does its business while the first one is in trouble."""

from sender_constraint.certificates.generations import GenerationStore
from workshop.story.partner import Partner
from workshop.story.stage import Stage
from workshop.wire import Exchange


class OtherPartner:
    """Calls with whatever certificate is current: it turns meanwhile, as everybody's does."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._store = GenerationStore(stage.deployment.certificate_store("other_partner"))
        self._adopt_current()

    def reads_its_accounts(self) -> Exchange:
        """One call. Raises StoryStopped where a new certificate gets no token."""
        if self._store.current_id() != self._partner.generation.id:
            self._adopt_current()
        return self._partner.accounts_call(self._stage.deployment, self._token).send(self._stage.wire)

    def _adopt_current(self) -> None:
        self._partner = Partner(self._store.current())
        self._token = self._partner.token(self._stage, "other-partner")
