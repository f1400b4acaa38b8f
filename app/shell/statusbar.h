#pragma once

#include <QPointer>
#include <QWidget>

class QLabel;

namespace farcell {

class NotebookView;
class ThemeSource;

// The quiet line at the bottom: mode, cell, queue, saved state, kernel and language. GUI thread.
class StatusBar : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StatusBar)

public:
    explicit StatusBar(ThemeSource &theme, QWidget *parent = nullptr);

    void setNotebook(NotebookView *notebook);
    void showHint(const QString &text); // a pending chord and the like; empty ends it
    void refresh();

private:
    QLabel *label();

    ThemeSource &m_theme;
    QPointer<NotebookView> m_notebook;
    QLabel *m_mode, *m_cell, *m_hint, *m_run, *m_saved, *m_kernel, *m_language;
};

} // namespace farcell
