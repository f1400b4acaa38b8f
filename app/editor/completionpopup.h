#pragma once

#include <QAbstractListModel>
#include <QFrame>
#include <QPointer>

class QKeyEvent;
class QListView;

namespace farcell {

class CellEditor;
class ThemeSource;

struct CompletionItem
{
    QString text;
    QString type; // Jedi's names: "function", "module", "keyword", "path", "magic", …; may be empty
    QString signature;
};

// The list of completions under the caret. It never takes the focus: the editor hands it the keys
// it wants, typing goes on and filters the list.
// GUI thread; one per cell list, shown for one editor at a time.
class CompletionPopup : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CompletionPopup)

public:
    explicit CompletionPopup(ThemeSource &theme, QWidget *parent);
    ~CompletionPopup() override;

    // Replaces the text from `start` to the caret (UTF-16) when one is chosen. If the person asked
    // for it, a single match is taken at once, and Return always takes the marked one.
    void open(CellEditor &editor, QList<CompletionItem> items, int start, bool asked);
    void dismiss();
    [[nodiscard]] bool isOpenFor(const CellEditor *editor) const;

    [[nodiscard]] static bool wantsKey(const QKeyEvent *event);
    [[nodiscard]] bool handleKey(QKeyEvent *event); // true if the editor shall not see it
    [[nodiscard]] QStringList shownTexts() const;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    class Model;
    class Delegate;

    void refilter();
    void place();
    void move(int rows);
    void accept(const QModelIndex &index);
    void applyTheme();

    ThemeSource &m_theme;
    QPointer<CellEditor> m_editor;
    Model *m_model;
    QListView *m_list;
    int m_start = 0;
    bool m_chosen = false; // Return takes the marked one; else it is a new line
};

} // namespace farcell
