#include "core/client/outputrouter.h"

#include "core/client/kernelconnection.h"
#include "core/client/outputmessage.h"
#include "core/client/runtimejson.h"
#include "core/notebook/notebookdocument.h"

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

// One document change per frame is as much as can be seen.
constexpr int frameMs = 16;
constexpr qsizetype gatherLimit = qsizetype{1} << 20; // UTF-16 units

} // namespace

OutputRouter::OutputRouter(NotebookDocument &document, QObject *parent)
    : QObject(parent)
    , m_document(document)
{
    m_flushTimer.setSingleShot(true);
    connect(&m_flushTimer, &QTimer::timeout, this, &OutputRouter::flush);
}

void OutputRouter::begin(const MsgId &request, const CellId &cell)
{
    flush();
    m_cellOfRequest.remove(m_requestOfCell.value(cell));
    m_cellOfRequest.insert(request, cell);
    m_requestOfCell.insert(cell, request);
    m_clearBeforeNext.remove(cell);
}

void OutputRouter::forgetAll()
{
    flush();
    m_cellOfRequest.clear();
    m_requestOfCell.clear();
    m_clearBeforeNext.clear();
    m_cellsOfDisplay.clear();
}

CellId OutputRouter::cellOf(const MsgId &request) const
{
    return m_cellOfRequest.value(request);
}

void OutputRouter::handle(const KernelMessage &message)
{
    const QString type = message.type();
    if (type == QLatin1String("update_display_data")) {
        flush();
        if (const auto output = outputFromMessage(message))
            updateDisplay(*output);
        return;
    }
    const CellId cell = cellOf(message.parentId());
    if (cell.isEmpty() || m_document.findCell(cell) == nullptr)
        return;
    if (type == QLatin1String("clear_output")) {
        const auto wait = message.content.find("wait");
        handleClear(cell, wait != message.content.end() && wait->is_boolean() && wait->get<bool>());
        return;
    }
    if (type == QLatin1String("stream")) {
        const QString name = textAt(message.content, "name");
        if (!name.isEmpty())
            forEachStreamPart(message, [&](const QString &part) {
                appendStream(cell, name, part);
                return true;
            });
        return;
    }
    if (const auto output = outputFromMessage(message))
        append(cell, *output);
}

void OutputRouter::append(const CellId &cell, const Output &output)
{
    flush();
    if (m_document.findCell(cell) == nullptr)
        return;
    if (!output.displayId.isEmpty())
        updateDisplay(output); // the same id shown before follows
    applyPendingClear(cell);
    m_document.appendOutput(cell, output);
    if (!output.displayId.isEmpty())
        m_cellsOfDisplay[output.displayId].insert(cell);
}

void OutputRouter::handleClear(const CellId &cell, bool wait)
{
    flush();
    if (wait) {
        m_clearBeforeNext.insert(cell);
        return;
    }
    m_clearBeforeNext.remove(cell);
    m_document.truncateOutputs(cell);
}

void OutputRouter::applyPendingClear(const CellId &cell)
{
    if (m_clearBeforeNext.remove(cell))
        m_document.truncateOutputs(cell);
}

void OutputRouter::appendStream(const CellId &cell, const QString &name, const QString &text)
{
    if (m_gathered.cell != cell || m_gathered.name != name ||
        m_gathered.text.size() + text.size() > gatherLimit) {
        flush();
        m_gathered = {cell, name, text};
    } else {
        m_gathered.text += text;
    }
    scheduleFlush();
}

// A lone line appears at once; in a flood the document changes once per frame.
void OutputRouter::scheduleFlush()
{
    if (m_flushTimer.isActive())
        return;
    const qint64 since = m_lastFlush.isValid() ? m_lastFlush.elapsed() : frameMs;
    m_flushTimer.start(static_cast<int>(std::clamp<qint64>(frameMs - since, 0, frameMs)));
}

void OutputRouter::flush()
{
    m_flushTimer.stop();
    if (m_gathered.cell.isEmpty())
        return;
    const Gathered gathered = std::exchange(m_gathered, {});
    m_lastFlush.restart();
    if (m_document.findCell(gathered.cell) == nullptr)
        return;
    applyPendingClear(gathered.cell);
    const Cell *cell = m_document.findCell(gathered.cell);
    if (cell == nullptr)
        return;
    const int last = cell->outputs.size() - 1;
    const bool merges =
        last >= 0 && cell->outputs.items()[static_cast<size_t>(last)].kind == OutputKind::Stream &&
        cell->outputs.items()[static_cast<size_t>(last)].streamName == gathered.name;
    if (merges) {
        m_document.appendStreamText(gathered.cell, last, gathered.text);
        return;
    }
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = gathered.name;
    output.text = gathered.text;
    m_document.appendOutput(gathered.cell, output);
}

void OutputRouter::updateDisplay(const Output &update)
{
    const auto cells = m_cellsOfDisplay.value(update.displayId);
    for (const CellId &id : cells) {
        const Cell *cell = m_document.findCell(id);
        if (cell == nullptr)
            continue;
        std::vector<std::pair<int, Output>> replacements;
        const std::vector<Output> &outputs = cell->outputs.items();
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (outputs[i].displayId != update.displayId)
                continue;
            Output replaced = outputs[i]; // place, kind and count stay
            replaced.data = update.data;
            replaced.metadata = update.metadata;
            replaced.origin = {};
            replacements.emplace_back(static_cast<int>(i), std::move(replaced));
        }
        for (const auto &[index, output] : replacements)
            m_document.replaceOutput(id, index, output);
    }
}

} // namespace farcell
