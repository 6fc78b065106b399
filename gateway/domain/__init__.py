"""The words of the house: ticket, interaction, requester, demand, events. Standard library only."""
