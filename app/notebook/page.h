#pragma once

#include <QString>
#include <QWidget>

namespace farcell {

// What one tab of the window shows: a notebook, a text, an image. GUI thread; owned by the window.
class Page : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Page)

public:
    using QWidget::QWidget;

    [[nodiscard]] virtual QString title() const = 0; // short, for the tab
    [[nodiscard]] virtual QString place() const = 0; // path or URL; empty: nowhere yet
    [[nodiscard]] virtual QString icon() const { return QStringLiteral("file-text"); }
    [[nodiscard]] virtual bool isModified() const { return false; }
    virtual void takeFocus() { setFocus(); }

signals:
    void titleChanged();
    void modifiedChanged();
    void closeRequested();
};

} // namespace farcell
