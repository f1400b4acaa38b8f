#pragma once

#include "app/celllist/celllistview.h"
#include "core/notebook/search.h"

#include <QFrame>
#include <QFutureWatcher>
#include <QTimer>

#include <atomic>
#include <memory>
#include <vector>

class QLabel;
class QLineEdit;
class QToolButton;

namespace farcell {

class NotebookDocument;
class SectionFolds;
class ThemeSource;

// Find and replace over sources and outputs of one notebook: plain, whole words or a regular
// expression. Hits are shown while typing; replacing is one undo step. GUI thread; much text is
// searched on another.
// Not here: the search itself (core/notebook/search), showing hits (CellListView).
class FindBar : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FindBar)

public:
    FindBar(NotebookDocument &document, SectionFolds &folds, CellListView &list, ThemeSource &theme,
            QWidget *parent = nullptr);
    ~FindBar() override;

    void open(bool focusReplace);
    void close();
    void next();
    void previous();
    [[nodiscard]] int hitCount() const { return int(m_hits.size()); }
    [[nodiscard]] bool isSearching() const { return m_isSearching; }

signals:
    // The current hit is in a part of an output that its cell does not show.
    void openOutputRequested(const farcell::CellId &cell, int output, const QString &wanted);

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void build(ThemeSource &theme);
    QToolButton *toggle(ThemeSource &theme, const QString &text, const QString &toolTip);
    [[nodiscard]] SearchQuery query() const;
    void search(bool jump);
    void takeFound(std::vector<SearchHit> found, bool jump);
    void step(int direction);
    void showCurrent();
    void replaceOne();
    void replaceAll();
    void updateCount();

    NotebookDocument &m_document;
    SectionFolds &m_folds;
    CellListView &m_list;
    QLineEdit *m_text;
    QLineEdit *m_replacement;
    QToolButton *m_case;
    QToolButton *m_word;
    QToolButton *m_regex;
    QToolButton *m_outputs;
    QLabel *m_count;
    QToolButton *m_openOutput;
    std::vector<SearchHit> m_found;
    QList<CellListView::Highlight> m_hits; // the same, as the list wants them
    int m_current = -1;
    QString m_problem; // of the regular expression
    QTimer m_again;    // after edits
    QFutureWatcher<std::vector<SearchHit>> m_searching;
    std::shared_ptr<std::atomic<bool>> m_stop; // asks the other thread to end
    bool m_jumps = false;                      // when it is done
    bool m_isSearching = false;                // until what it found is taken
};

} // namespace farcell
