#pragma once

#include "app/outputs/outputpart.h"

#include <nlohmann/json.hpp>

#include <QFont>

#include <vector>

namespace farcell {

class ThemeSource;

// A JSON value as a tree whose branches open and close. Clicking a line selects its value for
// Copy. GUI thread.
class JsonPart : public OutputPart
{
    Q_OBJECT
public:
    JsonPart(ThemeSource &theme, nlohmann::ordered_json value, QObject *parent = nullptr);

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] bool hasSelection() const override { return m_selected >= 0; }
    void clearSelection() override;
    void selectAll() override;
    [[nodiscard]] QMimeData *copySelection() const override;
    [[nodiscard]] QString plainText() const override;
    void themeChanged() override;

    [[nodiscard]] int lineCount() const { return static_cast<int>(m_lines.size()); }
    void toggle(int line); // opens or closes the branch on this line

private:
    using Json = nlohmann::ordered_json;
    struct Line
    {
        const Json *value = nullptr; // into m_root; null for "… more"
        QString key;
        int depth = 0;
        int more = 0; // children left out
        bool open = false;
    };

    [[nodiscard]] std::vector<Line> childrenOf(const Line &line) const;
    void openLine(size_t at);
    [[nodiscard]] int lineAt(QPointF pos) const;
    [[nodiscard]] QString valueText(const Json &value) const;
    [[nodiscard]] QColor valueColor(const Json &value) const;
    void paintLine(QPainter &painter, const Line &line, qreal top) const;

    ThemeSource &m_theme;
    Json m_root;
    std::vector<Line> m_lines; // those shown
    qreal m_width = 0;
    int m_selected = -1;
};

} // namespace farcell
