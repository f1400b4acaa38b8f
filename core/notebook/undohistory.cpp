#include "core/notebook/undohistory.h"

#include <utility>

namespace farcell {

namespace {

constexpr size_t maxSteps = 10'000;
constexpr qsizetype maxBytes = qsizetype{256} << 20;
constexpr qsizetype longestKeystroke = 8; // longer insertions are pasted, not typed

qsizetype bytesOf(const Change &change)
{
    qsizetype bytes = 64;
    if (const auto *text = std::get_if<TextChange>(&change)) {
        bytes += 2 * (text->removed.size() + text->added.size());
    } else if (const auto *span = std::get_if<SpanChange>(&change)) {
        for (const Cell &cell : span->held)
            bytes += 256 + 2 * cell.source.size() + cell.outputs.byteSize();
    } else if (const auto *order = std::get_if<OrderChange>(&change)) {
        bytes += static_cast<qsizetype>(order->order.size() * sizeof(CellId));
    } else if (const auto *fields = std::get_if<FieldsChange>(&change)) {
        if (fields->result)
            bytes += fields->result->outputs.byteSize();
    }
    return bytes;
}

bool isKeystroke(const QString &text)
{
    return text.size() <= longestKeystroke && !text.contains(QLatin1Char('\n'));
}

} // namespace

void UndoHistory::clear()
{
    m_done.clear();
    m_undone.clear();
    m_macro.clear();
    m_macroDepth = 0;
    m_typingOpen = false;
    m_bytes = 0;
    m_baseState = ++m_lastState;
}

void UndoHistory::push(Change change)
{
    if (m_macroDepth > 0) {
        m_macro.push_back(std::move(change));
        return;
    }
    if (mergeTyping(change))
        return;
    const auto *text = std::get_if<TextChange>(&change);
    const bool typing = text != nullptr && isKeystroke(text->added) && isKeystroke(text->removed);
    std::vector<Change> changes;
    changes.push_back(std::move(change));
    addStep(std::move(changes));
    m_typingOpen = typing;
}

void UndoHistory::endMacro()
{
    Q_ASSERT(m_macroDepth > 0);
    if (--m_macroDepth > 0 || m_macro.empty())
        return;
    addStep(std::exchange(m_macro, {}));
    m_typingOpen = false;
}

// Typing, backspacing or deleting on, right where the last keystroke ended.
bool UndoHistory::mergeTyping(const Change &change)
{
    const auto *next = std::get_if<TextChange>(&change);
    if (!m_typingOpen || next == nullptr || m_done.empty() || !m_undone.empty())
        return false;
    auto *last = std::get_if<TextChange>(&m_done.back().changes.back());
    if (last == nullptr || m_done.back().changes.size() != 1 || last->id != next->id)
        return false;
    if (next->removed.isEmpty() && !last->added.isEmpty() && isKeystroke(next->added) &&
        next->position == last->position + last->added.size()) {
        last->added += next->added;
    } else if (next->added.isEmpty() && last->added.isEmpty() && isKeystroke(next->removed) &&
               next->position + next->removed.size() == last->position) {
        last->removed.prepend(next->removed);
        last->position = next->position;
    } else if (next->added.isEmpty() && last->added.isEmpty() && isKeystroke(next->removed) &&
               next->position == last->position) {
        last->removed += next->removed;
    } else {
        return false;
    }
    m_done.back().state = ++m_lastState;
    return true;
}

void UndoHistory::addStep(std::vector<Change> changes)
{
    for (const UndoStep &step : m_undone)
        m_bytes -= step.bytes;
    m_undone.clear();
    UndoStep step{std::move(changes), ++m_lastState, 0};
    for (const Change &change : step.changes)
        step.bytes += bytesOf(change);
    m_bytes += step.bytes;
    m_done.push_back(std::move(step));
    while (m_done.size() > 1 && (m_done.size() > maxSteps || m_bytes > maxBytes))
        dropOldest();
}

void UndoHistory::dropOldest()
{
    m_bytes -= m_done.front().bytes;
    m_baseState = m_done.front().state;
    m_done.pop_front();
}

UndoStep &UndoHistory::stepBack()
{
    m_undone.push_back(std::move(m_done.back()));
    m_done.pop_back();
    m_typingOpen = false;
    return m_undone.back();
}

UndoStep &UndoHistory::stepForward()
{
    m_done.push_back(std::move(m_undone.back()));
    m_undone.pop_back();
    m_typingOpen = false;
    return m_done.back();
}

} // namespace farcell
