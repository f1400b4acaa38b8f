#pragma once

#include "core/base/ids.h"

#include <QHash>
#include <QObject>

#include <vector>

namespace farcell {

class NotebookView;
namespace api {
struct CellUsage;
}

// One run of a cell on the time axis; Unix seconds.
struct CellBand
{
    CellId cell;
    MsgId message;           // empty until the runtime has told what the run cost
    double from = 0, to = 0; // to is 0 while it runs
    bool hasFailed = false;
    bool isServerTime = false; // by the runtime's clock rather than ours
};

// When the cells of the window's notebooks ran, as far as this window saw it or the runtime still
// knows. GUI thread; owned by the window.
class CellBands : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellBands)

public:
    explicit CellBands(QObject *parent = nullptr);

    void watch(NotebookView *notebook);
    // In the order they began; empty for a notebook that is not watched.
    [[nodiscard]] const std::vector<CellBand> &bandsOf(const NotebookView *notebook) const;

signals:
    void changed(farcell::NotebookView *notebook);

private:
    void follow(NotebookView *notebook, const CellId &cell);
    void askEarlier(NotebookView *notebook);
    void take(NotebookView *notebook, const CellId &cell, const api::CellUsage &usage,
              bool isEarlier);
    void sort(const NotebookView *notebook);

    QHash<const NotebookView *, std::vector<CellBand>> m_bands;
};

} // namespace farcell
