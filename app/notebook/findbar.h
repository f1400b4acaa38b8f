#pragma once

#include "app/celllist/celllistview.h"
#include "core/notebook/search.h"

#include <QFrame>
#include <QTimer>

class QLabel;
class QLineEdit;
class QToolButton;

namespace farcell {

class NotebookDocument;
class SectionFolds;
class ThemeSource;

// Find and replace over sources and outputs of one notebook: plain, whole words or a regular
// expression. Hits are shown while typing; replacing is one undo step. GUI thread.
// Not here: the search itself (core/notebook/search), showing hits (CellListView).
class FindBar : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FindBar)

public:
    FindBar(NotebookDocument &document, SectionFolds &folds, CellListView &list, ThemeSource &theme,
            QWidget *parent = nullptr);

    void open(bool focusReplace);
    void close();
    void next();
    void previous();
    [[nodiscard]] int hitCount() const { return int(m_hits.size()); }

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void build(ThemeSource &theme);
    QToolButton *toggle(ThemeSource &theme, const QString &text, const QString &toolTip);
    [[nodiscard]] SearchQuery query() const;
    void search(bool jump);
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
    std::vector<SearchHit> m_found;
    QList<CellListView::Highlight> m_hits; // the same, as the list wants them
    int m_current = -1;
    QString m_problem; // of the regular expression
    QTimer m_again;    // after edits
};

} // namespace farcell
