"""The addresses of the chat, the usage page and the receipts of calls."""

from django.urls import path

from usage.views import answers, board, chat, handovers, keys, people, privacy, reading, refusals, usage, votes

urlpatterns = [
    path("chat/", chat.new, name="chat"),
    path("chat/estimate/", chat.estimate, name="estimate"),
    path("chat/answers/<uuid:call_id>/stream/", answers.stream, name="answer_stream"),
    path("chat/answers/<uuid:call_id>/stop/", answers.stop, name="answer_stop"),
    path("chat/answers/<uuid:call_id>/vote/", votes.vote, name="vote"),
    path("chat/answers/<uuid:call_id>/vote/removal/", votes.removal, name="vote_removal"),
    path("chat/<uuid:conversation_id>/", chat.conversation, name="conversation"),
    path("chat/<uuid:conversation_id>/turns/", chat.turns, name="turns"),
    path("chat/<uuid:conversation_id>/removal/", chat.removal, name="conversation_removal"),
    path("chat/<uuid:conversation_id>/export/", chat.export, name="conversation_export"),
    path("people/<int:member_id>/removal/", people.removal, name="removal"),
    path("people/<int:member_id>/handover/", handovers.handover, name="handover"),
    path("keys/<int:key_id>/first-call/", keys.first_call, name="key_first_call"),
    path("keys/<int:key_id>/revocation/", keys.revocation, name="key_revocation"),
    path("people/<int:member_id>/child/chats/", reading.chats, name="child_chats"),
    path("people/<int:member_id>/child/chats/<uuid:conversation_id>/", reading.chat, name="child_chat"),
    path("privacy/<int:member_id>/", privacy.privacy, name="privacy"),
    path("privacy/<int:member_id>/export/", privacy.export, name="privacy_export"),
    path("privacy/<int:member_id>/erasure/", privacy.erasure, name="privacy_erasure"),
    path("pauses/<str:kind>/<int:node_id>/", people.pause, name="pause"),
    path("pauses/<str:kind>/<int:node_id>/end/", people.going_on, name="going_on"),
    path("board/", board.board, name="board"),
    path("board/saving/", board.saving, name="board_saving"),
    path("board/undo/", board.undo, name="board_undo"),
    path("board/<str:kind>/<int:node_id>/replay/", board.replay, name="board_replay"),
    path("usage/", usage.usage, name="usage"),
    path("usage/refusals/", refusals.refusals, name="refusals"),
    path("usage/calls/<uuid:call_id>/", usage.receipt, name="receipt"),
]
