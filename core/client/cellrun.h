#pragma once

#include "core/base/ids.h"
#include "core/client/executiontimes.h"
#include "core/client/notebooksession.h"
#include "core/client/runstate.h"
#include "core/notebook/cell.h"

#include <QElapsedTimer>

#include <optional>

namespace farcell {

// One execution of one cell, from the wish to its end.
struct CellRun
{
    quint64 ticket = 0; // order of the wishes
    CellId cell;
    std::optional<QString> text; // part of the cell that was marked; else all of it
    NotebookSession::OnError onError = NotebookSession::OnError::Stop;
    MsgId request;          // empty: not sent yet
    bool isForeign = false; // asked for by another client, or before this app was started
    bool isCancelled = false;
    bool expectsError = false; // raises-exception
    bool hasStarted = false;   // the kernel said busy
    bool hasBegun = false;     // it said what it executes; aborted ones get only the busy
    bool hasReply = false, isIdle = false;
    bool hasErrorOutput = false;
    std::optional<Output> replyError;
    CellRunState::Phase outcome = CellRunState::Phase::Succeeded;
    QElapsedTimer clock;
    ExecutionTimes times;
};

} // namespace farcell
