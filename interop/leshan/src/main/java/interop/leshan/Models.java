package interop.leshan;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.leshan.core.model.InvalidDDFFileException;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.StaticModel;

/**
 * The object definitions of the OMA registry that come with this program.
 *
 * <p>One model serves whatever version a device announces: a newer definition only adds resources, and what a
 * device must leave out under an older enabler is for the rows to assert.
 */
final class Models {
    private static final int[] OBJECTS = {0, 1, 2, 3, 4, 5, 3303};

    private Models() {}

    static LwM2mModel load() throws IOException, InvalidDDFFileException {
        List<ObjectModel> models = new ArrayList<>();
        for (int object : OBJECTS) {
            String name = "/models/" + object + ".xml";
            try (InputStream xml = Models.class.getResourceAsStream(name)) {
                models.addAll(ObjectLoader.loadDdfFile(xml, name));
            }
        }
        return new StaticModel(models);
    }
}
