package interop.leshan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.Date;
import java.util.TreeMap;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.util.Hex;

/** Decoded nodes as a flat list of {@code {"path","type","value"}} in ascending order of ids. */
final class NodeWriter {
    private NodeWriter() {}

    /** The values at and below {@code path}, which names {@code node}. */
    static ArrayNode leaves(LwM2mPath path, LwM2mNode node) {
        ArrayNode list = Output.JSON.createArrayNode();
        collect(path, node, list);
        return list;
    }

    private static void collect(LwM2mPath path, LwM2mNode node, ArrayNode list) {
        if (node instanceof LwM2mObject object) {
            new TreeMap<>(object.getInstances()).forEach((id, child) -> collect(path.append(id), child, list));
        } else if (node instanceof LwM2mObjectInstance instance) {
            new TreeMap<>(instance.getResources()).forEach((id, child) -> collect(path.append(id), child, list));
        } else if (node instanceof LwM2mResource resource && resource.isMultiInstances()) {
            new TreeMap<>(resource.getInstances()).forEach((id, child) -> collect(path.append(id), child, list));
        } else if (node instanceof LwM2mResource resource) {
            leaf(path, resource.getType(), resource.getValue(), list);
        } else if (node instanceof LwM2mResourceInstance instance) {
            leaf(path, instance.getType(), instance.getValue(), list);
        } else {
            throw new IllegalStateException("unexpected node " + node);
        }
    }

    private static void leaf(LwM2mPath path, Type type, Object value, ArrayNode list) {
        ObjectNode leaf = list.addObject().put("path", path.toString()).put("type", type.name());
        switch (type) {
            case STRING -> leaf.put("value", (String) value);
            case INTEGER -> leaf.put("value", (Long) value);
            case FLOAT -> leaf.put("value", (Double) value);
            case BOOLEAN -> leaf.put("value", (Boolean) value);
            case OPAQUE -> leaf.put("value", Hex.encodeHexString((byte[]) value));
            case TIME -> leaf.put("value", ((Date) value).getTime() / 1000);
            case OBJLNK -> leaf.put("value", ((ObjectLink) value).encodeToString());
            case UNSIGNED_INTEGER -> leaf.put("value", new BigInteger(value.toString()));
            case CORELINK -> leaf.put("value", coreLink((Link[]) value));
            default -> throw new IllegalStateException("resource without a type: " + path);
        }
    }

    private static String coreLink(Link[] links) {
        StringBuilder text = new StringBuilder();
        for (Link link : links) {
            text.append(text.isEmpty() ? "" : ",").append(link.toCoreLinkFormat());
        }
        return text.toString();
    }
}
