#pragma once

#include "core/base/ids.h"

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QSet>
#include <QTimer>

namespace farcell {

class NotebookDocument;
struct KernelMessage;
struct Output;

// Brings every output of a kernel into the cell whose execution it belongs to: merges streams,
// applies clear_output and display ids. Text of a flood is gathered per turn of the event loop, so
// that the document changes once and not per message.
// Outputs of requests it does not know, and of cells that are gone, are dropped.
class OutputRouter : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OutputRouter)

public:
    explicit OutputRouter(NotebookDocument &document, QObject *parent = nullptr);

    // From now on outputs of `request` go to `cell`, those of its earlier runs nowhere.
    void begin(const MsgId &request, const CellId &cell);
    void forgetAll();                                        // requests only: the outputs stay
    [[nodiscard]] CellId cellOf(const MsgId &request) const; // empty if unknown

    void handle(const KernelMessage &message);
    void append(const CellId &cell, const Output &output); // as if it came from the kernel
    void flush();                                          // writes gathered text now

private:
    void handleClear(const CellId &cell, bool wait);
    void appendStream(const CellId &cell, const QString &name, const QString &text);
    void updateDisplay(const Output &update);
    void applyPendingClear(const CellId &cell);
    void scheduleFlush();

    NotebookDocument &m_document;
    QHash<MsgId, CellId> m_cellOfRequest;
    QHash<CellId, MsgId> m_requestOfCell;
    QSet<CellId> m_clearBeforeNext;
    QHash<QString, QSet<CellId>> m_cellsOfDisplay;

    struct Gathered
    {
        CellId cell;
        QString name;
        QString text;
    } m_gathered;
    QTimer m_flushTimer;
    QElapsedTimer m_lastFlush;
};

} // namespace farcell
