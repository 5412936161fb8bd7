"""Who may do what with something behind an address: the answers that many addresses share."""

from tests.strangers.rules import Rule, machine, may

OWN = may(of_all="mine")
MEMBERS = may(of_all="all")
GROWN = may(of_all="all", child="")
PERSONS = may(of_all="all", child="", nobody="all")
NOBODY = may(of_all="never", child="")
OWNERS = may(owner="all")
DECIDERS = may(owner="all", payer="never", auditor="never", head="never", adult="never")
LEADERS = may(owner="all", payer="all", auditor="never", head="never", adult="never")
INVITERS = may(owner="all", payer="never", auditor="never", head="all", adult="never")
INVITER = may(owner="all", head="mine")
READERS = may(owner="all", payer="all", auditor="all")
OF_BUSINESS = {**READERS, "parent": "never"}
CHANGED: Rule = may(owner="all", payer="!all", auditor="!all")
CHANGED_IN_BUSINESS = {**CHANGED, "parent": "never"}
TREE = may(owner="all", payer="all", auditor="all", head="led", parent="never")
CLOSED = may(owner="all", payer="!all", auditor="!all", head="!mine near")
TREE_CHANGED = may(owner="all", payer="!all", auditor="!all", head="!mine near", parent="never")
WARD = may(owner="ward")
MONEY = may(owner="all", payer="all", auditor="all", head="never", adult="never")
UNPAID = may(owner="!all", payer="!all", auditor="never", head="never", adult="never")
"""Nothing goes back of what was not paid."""
BILL = may(owner="common", payer="common", auditor="common", head="never", adult="never")
"""Each sees the own account's month at the same address."""
NODE = may(of_all="mine", owner="all common", payer="all common", auditor="all common", head="led")
NODE_CHANGED = may(
    owner="all common", payer="!all !common", auditor="!all !common", head="!mine near", adult="!mine", child="!mine"
)
NODE_PAUSED = may(owner="all", payer="!all", auditor="!all", head="!mine near", adult="!mine", child="!mine")
NOT_NOW = may(owner="!page", payer="!page", auditor="never", head="never", adult="never")
PLAN_CHANGED = may(owner="common", payer="common", auditor="never", head="never", adult="never", parent="!common")
KEY = may(owner="all", payer="all", head="mine", adult="mine")
KEY_BRAKED = may(owner="all", payer="!all", head="!mine", adult="!mine")
ANSWERED = may(owner="all", head="!mine near", adult="!mine", child="!mine")
MAKER = may(owner="all", payer="all", auditor="never", head="all", adult="never", child="never", parent="never")
KEYED = machine(key="any", manager="any", small_manager="any")
MANAGERS = machine(key="never", manager="any", small_manager="any")
